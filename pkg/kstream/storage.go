package kstream

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
)

// Stored returns how many bytes the topics take whose names begin with prefix, by name: what is
// on the disks of all brokers, as it is compressed, with every replica.
func (c Client) Stored(ctx context.Context, prefix string) (map[string]int64, error) {
	client, err := c.open()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	brokers, err := kadm.NewClient(client).DescribeAllLogDirs(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("sizes of topics: %w", err)
	}
	sizes := make(map[string]int64)
	var errs []error
	brokers.Each(func(dir kadm.DescribedLogDir) {
		errs = append(errs, dir.Err)
		dir.Topics.Each(func(p kadm.DescribedLogDirPartition) {
			if strings.HasPrefix(p.Topic, prefix) {
				sizes[p.Topic] += p.Size
			}
		})
	})
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("sizes of topics: %w", err)
	}
	return sizes, nil
}

// DeleteTopics deletes topics with all that is in them, for good.
func (c Client) DeleteTopics(ctx context.Context, names ...string) error {
	client, err := c.open()
	if err != nil {
		return err
	}
	defer client.Close()
	deleted, err := kadm.NewClient(client).DeleteTopics(ctx, names...)
	if err == nil {
		err = deleted.Error()
	}
	if err != nil {
		return fmt.Errorf("delete topics: %w", err)
	}
	return nil
}
