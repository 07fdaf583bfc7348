package bus

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Stored is a message as a stream holds it.
type Stored struct {
	Subject  string
	Sequence uint64
	Header   nats.Header
	Data     []byte
}

// Last returns the last message of a stream on the subjects that match filter, as
// the stream's leader has it: what was stored before is seen, which a replica
// that lags cannot promise. It fails with [jetstream.ErrMsgNotFound] if there is
// none.
func Last(ctx context.Context, nc *nats.Conn, stream, filter string) (*Stored, error) {
	return ask(ctx, nc, stream, map[string]any{"last_by_subj": filter})
}

// Next is as [Last], for the first message at a sequence or after it. With it
// anything can be read, also what a consumer would take from others.
func Next(ctx context.Context, nc *nats.Conn, stream, filter string, sequence uint64) (*Stored, error) {
	return ask(ctx, nc, stream, map[string]any{"next_by_subj": filter, "seq": sequence})
}

func ask(ctx context.Context, nc *nats.Conn, stream string, question map[string]any) (*Stored, error) {
	wanted, err := json.Marshal(question)
	if err != nil {
		return nil, err
	}
	answer, err := nc.RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+stream, wanted)
	if err != nil {
		return nil, fmt.Errorf("read a message of %s: %w", stream, err)
	}
	return readStored(answer.Data)
}

func readStored(answer []byte) (*Stored, error) {
	var got struct {
		Error   *jetstream.APIError `json:"error"`
		Message struct {
			Subject  string `json:"subject"`
			Sequence uint64 `json:"seq"`
			Header   []byte `json:"hdrs"`
			Data     []byte `json:"data"`
		} `json:"message"`
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		return nil, err
	}
	switch {
	case got.Error != nil && got.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound:
		return nil, jetstream.ErrMsgNotFound
	case got.Error != nil:
		return nil, got.Error
	}
	stored := &Stored{Subject: got.Message.Subject, Sequence: got.Message.Sequence, Data: got.Message.Data}
	if len(got.Message.Header) == 0 {
		return stored, nil
	}
	header, err := nats.DecodeHeadersMsg(got.Message.Header)
	stored.Header = header
	return stored, err
}
