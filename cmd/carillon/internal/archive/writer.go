package archive

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
)

const (
	// pieceSize bounds what is held in memory.
	pieceSize    = 1 << 20
	checksumName = "checksum"
)

// Writer writes a file, section by section. It is not safe for concurrent use.
type Writer struct {
	gzip *gzip.Writer
	tar  *tar.Writer
	sum  hash.Hash
}

// NewWriter returns a writer of a new file. What it has written is a file only after
// [Writer.Close].
func NewWriter(out io.Writer) *Writer {
	compressed := gzip.NewWriter(out)
	return &Writer{gzip: compressed, tar: tar.NewWriter(compressed), sum: sha256.New()}
}

// Section writes one section, whose content fill writes. Names are relative paths,
// and differ.
func (w *Writer) Section(name string, fill func(io.Writer) error) error {
	s := &section{to: w, name: name, piece: make([]byte, 0, pieceSize)}
	if err := fill(s); err != nil {
		return err
	}
	if s.pieces > 0 && len(s.piece) == 0 {
		return nil
	}
	return s.flush()
}

// JSON writes a section that holds one value.
func (w *Writer) JSON(name string, value any) error {
	return w.Section(name, func(out io.Writer) error { return json.NewEncoder(out).Encode(value) })
}

// Close completes the file; it leaves the underlying writer open.
func (w *Writer) Close() error {
	if err := w.put(checksumName, []byte(hex.EncodeToString(w.sum.Sum(nil))+"\n")); err != nil {
		return err
	}
	if err := w.tar.Close(); err != nil {
		return err
	}
	return w.gzip.Close()
}

func (w *Writer) put(name string, data []byte) error {
	if err := w.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(data))}); err != nil {
		return err
	}
	_, err := w.tar.Write(data)
	return err
}

// section is a section while it is written.
type section struct {
	to     *Writer
	name   string
	piece  []byte
	pieces int
}

// Write implements [io.Writer].
func (s *section) Write(data []byte) (n int, err error) {
	for n < len(data) {
		if len(s.piece) == pieceSize {
			if err := s.flush(); err != nil {
				return n, err
			}
		}
		room := min(pieceSize-len(s.piece), len(data)-n)
		s.piece = append(s.piece, data[n:n+room]...)
		n += room
	}
	return n, nil
}

func (s *section) flush() error {
	s.pieces++
	name := pieceName(s.name, s.pieces)
	note(s.to.sum, name, int64(len(s.piece)))
	s.to.sum.Write(s.piece)
	err := s.to.put(name, s.piece)
	s.piece = s.piece[:0]
	return err
}

func pieceName(section string, piece int) string { return fmt.Sprintf("%s/%06d", section, piece) }

// note puts the head of a piece into the checksum.
func note(sum hash.Hash, name string, size int64) { fmt.Fprintf(sum, "%s %d\n", name, size) }
