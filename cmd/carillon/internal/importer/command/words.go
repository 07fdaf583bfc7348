package command

import (
	"strconv"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
)

// words reads a command that a shell has taken apart.
func (r *reader) words(words []string) {
	if len(words) == 0 || r.item.Refused {
		return
	}
	switch name := base(words[0]); name {
	case "curl":
		r.once(words, curlOptions)
	case "wget":
		r.once(words, wgetOptions)
	case "sh", "bash", "dash", "ash", "zsh":
		r.shellWords(words)
	case "echo", "true", ":", "cd", "sleep", "date", "exit", "set":
		r.aside(words)
	default:
		if rest, ok := r.unwrap(name, words[1:]); ok {
			r.words(rest)
			return
		}
		r.noCall(strings.Join(words, " "))
	}
}

func (r *reader) noCall(line string) {
	r.item.Refuse("command", "`%.80s` is no HTTP call; give it an address, or leave it where it is and let it ping a check", line)
}

// known reports whether a command is one that [reader.words] takes.
func known(name string) bool {
	switch name {
	case "curl", "wget", "sh", "bash", "dash", "ash", "zsh", "echo", "true", ":", "cd", "sleep", "date", "exit", "set",
		"nice", "ionice", "nohup", "setsid", "time", "chronic", "stdbuf", "exec", "command", "sudo", "doas", "chpst", "env", "timeout", "flock":
		return true
	}
	return false
}

// once reads the options of a call, the only one.
func (r *reader) once(words []string, known options) {
	if r.call != nil {
		r.item.Refuse("command", "makes several calls; write a job for each")
		return
	}
	r.call = &call{stdin: r.Stdin}
	known.read(r.item, r.call, words[1:])
}

// aside leaves out a command that only accompanies the call.
func (r *reader) aside(words []string) {
	line := strings.Join(words, " ")
	switch base(words[0]) {
	case "sleep":
		r.item.Lose("command", "`%.40s` is not waited for; schedule.spread delays a job", line)
	case "exit":
		r.item.Refuse("command", "ends before it calls")
	default:
		r.item.Remark("command", "`%.80s` is left out", line)
	}
}

// shellWords reads `sh -c text`.
func (r *reader) shellWords(words []string) {
	for i, word := range words[1:] {
		isFlag := strings.HasPrefix(word, "-") && !strings.HasPrefix(word, "--")
		switch {
		case isFlag && strings.HasSuffix(word, "c") && i+2 < len(words):
			r.shell(words[i+2])
			return
		case !isFlag:
			r.item.Refuse("command", "runs the script %.80s; what it does is not known here", word)
			return
		}
	}
	r.item.Refuse("command", "runs a shell that reads its input")
}

// unwrap takes off a command that runs another, and keeps what it says.
func (r *reader) unwrap(name string, words []string) (rest []string, ok bool) {
	switch name {
	case "nice", "ionice", "nohup", "setsid", "time", "chronic", "stdbuf", "exec", "command", "sudo", "doas", "chpst":
		rest = afterOptions(words, map[string]bool{"-n": true, "-c": true, "-u": true, "-g": true, "-p": true, "-o": true, "-e": true, "-i": name == "stdbuf", "--user": true, "--adjustment": true})
		return rest, true
	case "env":
		rest = afterOptions(words, map[string]bool{"-u": true})
		for len(rest) > 0 && strings.Contains(rest[0], "=") {
			rest = rest[1:]
		}
		return rest, true
	case "timeout":
		return r.timeout(afterOptions(words, map[string]bool{"-s": true, "-k": true, "--signal": true, "--kill-after": true})), true
	case "flock":
		return r.flock(words), true
	}
	return nil, false
}

// afterOptions skips the options of a command, those that are named with their values.
func afterOptions(words []string, valued map[string]bool) []string {
	for len(words) > 0 && strings.HasPrefix(words[0], "-") {
		if valued[words[0]] && len(words) > 1 {
			words = words[1:]
		}
		words = words[1:]
	}
	return words
}

// timeout keeps the duration as the limit of the call.
func (r *reader) timeout(words []string) []string {
	if len(words) == 0 {
		return nil
	}
	limit, ok := span(words[0])
	if !ok {
		r.item.Lose("timeout", "%.40q is not a duration", words[0])
	}
	r.item.Document.Target.Timeout = limit
	return words[1:]
}

// span reads seconds, or a number with s, m, h or d.
func span(text string) (carillon.Duration, bool) {
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	unit := time.Second
	if text != "" && units[text[len(text)-1]] > 0 {
		unit, text = units[text[len(text)-1]], text[:len(text)-1]
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= 0 && n <= 1e6) {
		return 0, false
	}
	return carillon.Duration(n * float64(unit)), true
}

// flock says what a run does while another holds the lock.
func (r *reader) flock(words []string) []string {
	r.item.Document.Overlap = carillon.OverlapQueue
	for len(words) > 0 && strings.HasPrefix(words[0], "-") {
		switch word := words[0]; {
		case word == "-n" || word == "--nb" || word == "--nonblock" || word == "-xn" || word == "-en":
			r.item.Document.Overlap = carillon.OverlapSkip
		case (word == "-w" || word == "-E" || word == "--timeout" || word == "--wait") && len(words) > 1:
			words = words[1:]
			r.item.Document.Overlap = carillon.OverlapSkip
		}
		words = words[1:]
	}
	if len(words) < 2 {
		r.item.Refuse("command", "`flock` runs nothing")
		return nil
	}
	words = words[1:]
	if words[0] == "-c" && len(words) == 2 {
		return []string{"sh", "-c", words[1]}
	}
	return words
}

// base is the name of a program without its folder.
func base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
