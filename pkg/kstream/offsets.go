package kstream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// member is what the group coordinator fences commits by.
type member struct {
	id         string
	generation int32
}

// errNoMember refuses a commit outside the group: the brokers would accept it unfenced.
var errNoMember = errors.New("not a member of the group")

func memberOf(client *kgo.Client) member {
	id, generation := client.GroupMetadata()
	return member{id: id, generation: generation}
}

func (m member) valid() bool { return m.id != "" && m.generation >= 0 }

// commitInTransaction adds the offsets to p's open transaction.
func commitInTransaction(ctx context.Context, p *producer, m member, offsets map[TopicPartition]int64) error {
	if !m.valid() {
		return errNoMember
	}
	id, epoch, err := p.client.ProducerID(ctx)
	if err != nil {
		return fmt.Errorf("producer id of %s: %w", p.id, err)
	}
	group := p.cfg.Group()
	if !p.implicit {
		if err := addOffsets(ctx, p, id, epoch); err != nil {
			return err
		}
	}
	req := kmsg.NewPtrTxnOffsetCommitRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch = p.id, id, epoch
	req.Group, req.MemberID, req.Generation = group, m.id, m.generation
	for topic, partitions := range byTopic(offsets) {
		t := kmsg.NewTxnOffsetCommitRequestTopic()
		t.Topic = topic
		for partition, offset := range partitions {
			tp := kmsg.NewTxnOffsetCommitRequestTopicPartition()
			tp.Partition, tp.Offset = partition, offset
			t.Partitions = append(t.Partitions, tp)
		}
		req.Topics = append(req.Topics, t)
	}
	resp, err := req.RequestWith(ctx, p.client)
	if err != nil {
		return fmt.Errorf("commit offsets of %s in transaction %s: %w", group, p.id, err)
	}
	for _, t := range resp.Topics {
		for _, tp := range t.Partitions {
			if err := kerr.ErrorForCode(tp.ErrorCode); err != nil {
				return fmt.Errorf("commit offset of %s/%d in transaction %s: %w", t.Topic, tp.Partition, p.id, err)
			}
		}
	}
	return nil
}

// addOffsets announces the offset commit to the transaction's coordinator.
func addOffsets(ctx context.Context, p *producer, id int64, epoch int16) error {
	req := kmsg.NewPtrAddOffsetsToTxnRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch = p.id, id, epoch
	req.Group = p.cfg.Group()
	resp, err := req.RequestWith(ctx, p.client)
	if err == nil {
		err = kerr.ErrorForCode(resp.ErrorCode)
	}
	if err != nil {
		return fmt.Errorf("add offsets to transaction %s: %w", p.id, err)
	}
	return nil
}

// commitPlain commits the offsets of a batch that wrote nothing.
func commitPlain(ctx context.Context, client *kgo.Client, group string, m member, offsets map[TopicPartition]int64) error {
	if !m.valid() {
		return errNoMember
	}
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group, req.MemberID, req.Generation = group, m.id, m.generation
	for topic, partitions := range byTopic(offsets) {
		t := kmsg.NewOffsetCommitRequestTopic()
		t.Topic = topic
		for partition, offset := range partitions {
			tp := kmsg.NewOffsetCommitRequestTopicPartition()
			tp.Partition, tp.Offset = partition, offset
			t.Partitions = append(t.Partitions, tp)
		}
		req.Topics = append(req.Topics, t)
	}
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return fmt.Errorf("commit offsets of %s: %w", group, err)
	}
	for _, t := range resp.Topics {
		for _, tp := range t.Partitions {
			if err := kerr.ErrorForCode(tp.ErrorCode); err != nil {
				return fmt.Errorf("commit offset of %s/%d: %w", t.Topic, tp.Partition, err)
			}
		}
	}
	return nil
}

// committedOffsets asks the coordinator where the group stands in these partitions. It fails
// while a transaction on them is undecided. A partition without a commit starts at its start.
func committedOffsets(ctx context.Context, client *kgo.Client, group string, tps []TopicPartition) (map[TopicPartition]int64, error) {
	offsets := make(map[TopicPartition]int64, len(tps))
	g := kmsg.NewOffsetFetchRequestGroup()
	g.Group = group
	topics := make(kadm.TopicsSet)
	for _, tp := range tps {
		topics.Add(tp.Topic, tp.Partition)
		offsets[tp] = -1
	}
	for topic, partitions := range topics {
		t := kmsg.NewOffsetFetchRequestGroupTopic()
		t.Topic, t.Partitions = topic, slices.Collect(maps.Keys(partitions))
		g.Topics = append(g.Topics, t)
	}
	req := kmsg.NewPtrOffsetFetchRequest()
	req.Groups, req.RequireStable = append(req.Groups, g), true
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return nil, fmt.Errorf("fetch offsets of %s: %w", group, err)
	}
	for _, g := range resp.Groups {
		if err := kerr.ErrorForCode(g.ErrorCode); err != nil {
			return nil, fmt.Errorf("fetch offsets of %s: %w", group, err)
		}
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
					return nil, fmt.Errorf("fetch offset of %s in %s/%d: %w", group, t.Topic, p.Partition, err)
				}
				offsets[TopicPartition{t.Topic, p.Partition}] = p.Offset
			}
		}
	}
	return offsets, resolveStarts(ctx, client, offsets)
}

// resolveStarts replaces negative offsets by the first offset of the partition's log.
func resolveStarts(ctx context.Context, client *kgo.Client, offsets map[TopicPartition]int64) error {
	topics := make(kadm.TopicsSet)
	for tp, offset := range offsets {
		if offset < 0 {
			topics.Add(tp.Topic, tp.Partition)
		}
	}
	if len(topics) == 0 {
		return nil
	}
	starts, err := kadm.NewClient(client).ListStartOffsets(ctx, topics.Topics()...)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return fmt.Errorf("list start offsets: %w", err)
	}
	for tp, offset := range offsets {
		if offset < 0 {
			start, ok := starts.Lookup(tp.Topic, tp.Partition)
			if !ok {
				return fmt.Errorf("list start offsets: %s is missing", tp)
			}
			offsets[tp] = start.Offset
		}
	}
	return nil
}

func byTopic(offsets map[TopicPartition]int64) map[string]map[int32]int64 {
	topics := make(map[string]map[int32]int64)
	for tp, offset := range offsets {
		if topics[tp.Topic] == nil {
			topics[tp.Topic] = make(map[int32]int64)
		}
		topics[tp.Topic][tp.Partition] = offset
	}
	return topics
}
