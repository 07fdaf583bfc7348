package pgserver

import (
	"io"
	"os"
	"strings"
)

// maxLog is the size from which a log is put aside at the next start. What was
// put aside before goes.
const maxLog = 10 << 20

// serverLog is the file that a server writes to, from where it began.
type serverLog struct {
	file  *os.File
	begin int64
}

func openLog(path string) (serverLog, error) {
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		if err := os.Rename(path, path+".old"); err != nil {
			return serverLog{}, folderError(err)
		}
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return serverLog{}, folderError(err)
	}
	begin, err := file.Seek(0, io.SeekEnd)
	return serverLog{file, begin}, err
}

// lastWords is what the server said last, in one line.
func (l serverLog) lastWords() string {
	content, err := os.ReadFile(l.file.Name())
	if err != nil || int64(len(content)) < l.begin {
		return "its log cannot be read"
	}
	return lastWords(string(content[l.begin:]))
}

// lastWords is the last line that says what was wrong, or else the last one.
func lastWords(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.Contains(lines[i], "FATAL: ") || strings.Contains(lines[i], "PANIC: ") {
			return lines[i]
		}
	}
	return lines[len(lines)-1]
}
