package store

import (
	"fmt"
	"io"
)

// Reader gives what is staged, from its beginning.
func (st *Stage) Reader() io.Reader { return io.NewSectionReader(st.file, 0, st.size) }

// AppendStage appends what is staged, which then counts as the body's and not the stage's. On an error nothing of it is kept,
// unless the writer was fenced.
func (w *Writer) AppendStage(st *Stage, buffer []byte) error {
	w.op.mu.Lock()
	start := w.rest.From
	w.op.mu.Unlock()
	content := st.Reader()
	for {
		n, err := io.ReadFull(content, buffer)
		if n > 0 {
			_ = st.s.quota.addBytes(st.owner, -int64(n)) // giving back is never refused
			st.size -= int64(n)
			if aerr := w.Append(buffer[:n]); aerr != nil {
				_ = w.Truncate(start) // what is wrong is told already
				return aerr
			}
		}
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return nil
		default:
			_ = w.Truncate(start) // what is wrong is told already
			return fmt.Errorf("read stage: %w", err)
		}
	}
}
