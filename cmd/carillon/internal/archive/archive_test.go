package archive

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// sections are what a small file holds: none, one, and several pieces of one.
func sections(t *testing.T, large int) map[string]string {
	t.Helper()
	random := make([]byte, large)
	_, _ = rand.Read(random)
	return map[string]string{"manifest": "{}\n", "tables/empty": "", "tables/large": string(random), "tables/last": "x"}
}

func written(t *testing.T, content map[string]string) []byte {
	t.Helper()
	var file bytes.Buffer
	w := NewWriter(&file)
	for _, name := range []string{"manifest", "tables/empty", "tables/large", "tables/last"} {
		err := w.Section(name, func(out io.Writer) error {
			for _, line := range strings.SplitAfter(content[name], "\n") { // writes of all lengths
				if _, err := io.WriteString(out, line); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestWhatWasWrittenIsRead(t *testing.T) {
	t.Parallel()
	for _, large := range []int{0, 1, pieceSize - 1, pieceSize, pieceSize + 1, 3 * pieceSize} {
		content := sections(t, large)
		r, err := NewReader(bytes.NewReader(written(t, content)))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for name, err := r.Next(); !errors.Is(err, io.EOF); name, err = r.Next() {
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, name)
			if name == "tables/last" {
				continue // unread, and passed over
			}
			got, err := io.ReadAll(r)
			if err != nil || string(got) != content[name] {
				t.Errorf("%s has %d bytes, want %d (%v)", name, len(got), len(content[name]), err)
			}
		}
		if got := strings.Join(names, " "); got != "manifest tables/empty tables/large tables/last" {
			t.Errorf("the sections are %s", got)
		}
	}
}

// TestAFileThatIsCutOffAnywhereIsBroken cuts at every byte, and appends one.
func TestAFileThatIsCutOffAnywhereIsBroken(t *testing.T) {
	t.Parallel()
	file := written(t, sections(t, 100))
	if err := Verify(bytes.NewReader(file)); err != nil {
		t.Fatal(err)
	}
	for length := range len(file) {
		if err := Verify(bytes.NewReader(file[:length])); !errors.Is(err, ErrBroken) {
			t.Errorf("of %d bytes the first %d are taken for all: %v", len(file), length, err)
		}
	}
	for _, more := range []string{"x", "\x00", string(file)} {
		if err := Verify(bytes.NewReader(append(bytes.Clone(file), more...))); !errors.Is(err, ErrBroken) {
			t.Errorf("%d bytes more are not noticed: %v", len(more), err)
		}
	}
}

// TestAChangedFileIsBroken changes every byte. What gzip does not look at, such as
// the time in its head, may change, and there may be two ways to say the same.
func TestAChangedFileIsBroken(t *testing.T) {
	t.Parallel()
	file := written(t, sections(t, 100))
	const gzipHead = 10
	for i := gzipHead; i < len(file); i++ {
		changed := bytes.Clone(file)
		changed[i] ^= 0x10
		if err := Verify(bytes.NewReader(changed)); !errors.Is(err, ErrBroken) && unpacked(changed) != unpacked(file) {
			t.Errorf("byte %d of %d can be changed: %v", i, len(file), err)
		}
	}
}

func unpacked(file []byte) string {
	r, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return err.Error()
	}
	text, err := io.ReadAll(r)
	return fmt.Sprint(string(text), err)
}

// TestPiecesStandInOrder swaps, drops and repeats pieces of a file that is whole
// to tar and gzip.
func TestPiecesStandInOrder(t *testing.T) {
	t.Parallel()
	for name, pieces := range map[string][]string{
		"none":        {},
		"swapped":     {"a/000002", "a/000001"},
		"dropped":     {"a/000001", "a/000003"},
		"not first":   {"a/000002"},
		"no sections": {"a"},
		"foreign":     {"../../etc/passwd"},
	} {
		var file bytes.Buffer
		w := NewWriter(&file)
		for _, piece := range pieces {
			if err := w.put(piece, []byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		if len(pieces) > 0 {
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if err := Verify(&file); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestForeignFilesAreBroken(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{}", "PK\x03\x04", strings.Repeat("no backup\n", 1000)} {
		if err := Verify(strings.NewReader(text)); !errors.Is(err, ErrBroken) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

func TestAReaderThatFailsStaysSo(t *testing.T) {
	t.Parallel()
	file := written(t, sections(t, 2*pieceSize))
	r, err := NewReader(bytes.NewReader(file[:pieceSize]))
	for err == nil {
		_, err = r.Next()
	}
	for range 2 {
		if _, again := r.Next(); fmt.Sprint(again) != fmt.Sprint(err) || !errors.Is(err, ErrBroken) {
			t.Errorf("%v, then %v", err, again)
		}
	}
}
