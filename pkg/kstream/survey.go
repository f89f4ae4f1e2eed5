package kstream

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// Survey asks the brokers how many partitions the stream's topics have, and how far its group
// is behind in all of them: also in those that nobody reads, which no member can tell by its
// work. The metrics show it. It does nothing before Run has connected; ctx bounds the wait.
func (s *Stream) Survey(ctx context.Context) error {
	client := s.probe.Load()
	if client == nil {
		return nil
	}
	behind, partitions, err := surveyed(ctx, kadm.NewClient(client), s.cfg.Group(), s.cfg.Topics)
	if err != nil {
		return fmt.Errorf("how far %s is behind: %w", s.cfg.Group(), err)
	}
	for topic, n := range partitions {
		s.metrics.partitions.WithLabelValues(topic).Set(float64(n))
		s.metrics.behind.WithLabelValues(topic).Set(float64(behind[topic]))
	}
	return nil
}

// surveyed returns the lag and the number of partitions by topic. A partition without a commit
// is behind by all that it keeps.
func surveyed(ctx context.Context, admin *kadm.Client, group string, topics []string) (behind, partitions map[string]int64, err error) {
	starts, err := admin.ListStartOffsets(ctx, topics...)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return nil, nil, err
	}
	ends, err := admin.ListEndOffsets(ctx, topics...)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return nil, nil, err
	}
	committed, err := admin.FetchOffsets(ctx, group)
	if err == nil {
		err = committed.Error()
	}
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) { // nobody has ever committed
		return nil, nil, err
	}
	behind, partitions = map[string]int64{}, map[string]int64{}
	ends.Each(func(end kadm.ListedOffset) {
		from, _ := starts.Lookup(end.Topic, end.Partition)
		at, _ := committed.Lookup(end.Topic, end.Partition) // below the start where there is none
		behind[end.Topic] += max(0, end.Offset-max(from.Offset, at.At))
		partitions[end.Topic]++
	})
	return behind, partitions, nil
}
