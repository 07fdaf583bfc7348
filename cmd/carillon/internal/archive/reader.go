package archive

import (
	"archive/tar"
	"bufio"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"strings"
)

// ErrBroken says that a file is not one of this package, or not whole.
var ErrBroken = errors.New("the file is not a backup, or it is not whole")

// Reader reads a file, section by section. It is not safe for concurrent use.
type Reader struct {
	gzip   *gzip.Reader
	tar    *tar.Reader
	sum    hash.Hash
	name   string // of the section
	pieces int    // of it, that have begun
	coming *tar.Header
	failed error
}

// NewReader returns a reader of a file. It fails with [ErrBroken].
func NewReader(in io.Reader) (*Reader, error) {
	compressed, err := gzip.NewReader(bufio.NewReaderSize(in, 1<<16))
	if err != nil {
		return nil, broken(err)
	}
	return &Reader{gzip: compressed, tar: tar.NewReader(compressed), sum: sha256.New()}, nil
}

// Verify reads a file to its end. It fails with [ErrBroken] unless that is as it was
// written.
func Verify(in io.Reader) error {
	r, err := NewReader(in)
	for err == nil {
		_, err = r.Next()
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// Next goes on to the next section and returns its name: [io.EOF] when there is none
// any more and the file has proved to be whole, else [ErrBroken].
func (r *Reader) Next() (name string, err error) {
	if _, err := io.Copy(io.Discard, r); err != nil || r.failed != nil {
		return "", r.failed
	}
	head, err := r.head()
	if err != nil {
		return "", r.fail(err)
	}
	if head.Name == checksumName {
		return "", r.end()
	}
	r.name, r.pieces = path.Dir(head.Name), 0
	return r.name, r.begin(head)
}

// Read reads from the section; [io.EOF] is its end.
func (r *Reader) Read(into []byte) (int, error) {
	for {
		switch {
		case r.failed != nil:
			return 0, r.failed
		case r.name == "":
			return 0, io.EOF
		}
		n, err := r.tar.Read(into)
		r.sum.Write(into[:n])
		switch {
		case n > 0 || err == nil:
			return n, nil
		case !errors.Is(err, io.EOF):
			return 0, r.fail(err)
		}
		if more, err := r.continues(); err != nil || !more {
			return 0, cmp.Or(err, io.EOF)
		}
	}
}

// JSON reads a section that holds one value.
func (r *Reader) JSON(value any) error {
	if err := json.NewDecoder(r).Decode(value); err != nil {
		return r.fail(fmt.Errorf("%s: %w", r.name, err))
	}
	return nil
}

// continues goes on to the next piece, if that is one of the section.
func (r *Reader) continues() (bool, error) {
	head, err := r.head()
	if err != nil {
		return false, r.fail(err)
	}
	if path.Dir(head.Name) != r.name || head.Name == checksumName {
		r.coming, r.name = head, ""
		return false, nil
	}
	return true, r.begin(head)
}

// begin begins a piece of the section.
func (r *Reader) begin(head *tar.Header) error {
	if r.pieces++; head.Name != pieceName(r.name, r.pieces) || head.Size > pieceSize {
		return r.fail(fmt.Errorf("%.80q stands where %q should", head.Name, pieceName(r.name, r.pieces)))
	}
	note(r.sum, head.Name, head.Size)
	return nil
}

// head returns the head of the piece that comes.
func (r *Reader) head() (*tar.Header, error) {
	if head := r.coming; head != nil {
		r.coming = nil
		return head, nil
	}
	return r.tar.Next()
}

// end checks that what was read is all that was written. It returns io.EOF then.
func (r *Reader) end() error {
	want, err := io.ReadAll(io.LimitReader(r.tar, 2*sha256.Size+1))
	if err == nil && strings.TrimSpace(string(want)) != hex.EncodeToString(r.sum.Sum(nil)) {
		err = errors.New("its checksum is another one")
	}
	if err != nil {
		return r.fail(err)
	}
	if _, err := r.tar.Next(); !errors.Is(err, io.EOF) {
		return r.fail(errors.New("something follows its end"))
	}
	if rest, err := io.Copy(io.Discard, r.gzip); err != nil || rest > 0 {
		return r.fail(fmt.Errorf("its end is not one: %w", err))
	}
	r.failed = io.EOF
	return io.EOF
}

// fail keeps what is wrong, as there is no way on.
func (r *Reader) fail(err error) error {
	if !errors.Is(err, ErrBroken) {
		err = broken(err)
	}
	r.failed = err
	return err
}

func broken(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("it ends too soon")
	}
	return fmt.Errorf("%w: %w", ErrBroken, err)
}
