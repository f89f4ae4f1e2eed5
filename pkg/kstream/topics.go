package kstream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Errors of [Client.VerifyTopics], each joined with the topic's name.
var (
	ErrTopicMissing    = errors.New("topic is missing")
	ErrPartitionCount  = errors.New("partition count differs; it is fixed for good, move to a new prefix instead")
	ErrTopicConfig     = errors.New("topic setting differs")
	ErrTopicForgetting = errors.New("topic forgets records that must be kept")
)

// Settings of topics, as the brokers name them.
const (
	CleanupPolicy   = "cleanup.policy"    // "delete" or "compact"
	RetentionMS     = "retention.ms"      // "-1": for ever
	MaxMessageBytes = "max.message.bytes" // see [Config.MaxMessageBytes]
)

// Topic describes a topic, as it should be or as it is.
type Topic struct {
	Name        string
	Partitions  int32
	Replication int16             // 0: the brokers' default
	Configs     map[string]string // only those that matter; what is not named is not compared
	Hidden      bool              // its settings may not be read: Configs is empty and is not compared
}

// DeadLetters returns the dead letter topic of t: the same partitions, deletion by time, and
// room for the largest record of t with the headers that come on top.
func (t Topic) DeadLetters() Topic {
	return Topic{
		Name: t.Name + DLQSuffix, Partitions: t.Partitions, Replication: t.Replication,
		Configs: map[string]string{
			CleanupPolicy:   "delete",
			MaxMessageBytes: fmt.Sprint(DefaultMaxMessageBytes + dlqHeadroom),
		},
	}
}

// CreateTopics creates the topics that are missing and verifies all; it changes none. It
// returns when the brokers know the new ones, which is a moment after the controller does.
func (c Client) CreateTopics(ctx context.Context, topics ...Topic) error {
	client, err := c.open()
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	var errs []error
	for _, t := range topics {
		if err := t.create(ctx, admin); err != nil {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	wait := backoff.NewExponentialBackOff(backoff.WithInitialInterval(20*time.Millisecond), backoff.WithMaxElapsedTime(visible))
	return backoff.Retry(func() error {
		err := c.VerifyTopics(ctx, topics...)
		if err != nil && !errors.Is(err, ErrTopicMissing) {
			return backoff.Permanent(err)
		}
		return err
	}, backoff.WithContext(wait, ctx))
}

// visible bounds the wait for brokers to learn of a new topic, which on a busy machine takes
// them seconds.
const visible = 30 * time.Second

// create makes the topic unless it is there.
func (t Topic) create(ctx context.Context, admin *kadm.Client) error {
	configs := make(map[string]*string, len(t.Configs))
	for name, value := range t.Configs {
		configs[name] = &value
	}
	replication := t.Replication
	if replication == 0 {
		replication = -1
	}
	_, err := admin.CreateTopic(ctx, t.Partitions, replication, configs, t.Name)
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return fmt.Errorf("create topic %s: %w", t.Name, err)
	}
	return nil
}

// VerifyTopics reports every difference between the topics as they should be and as they are.
func (c Client) VerifyTopics(ctx context.Context, topics ...Topic) error {
	names := make([]string, len(topics))
	for i, t := range topics {
		names[i] = t.Name
	}
	actual, err := c.describe(ctx, names...)
	if err != nil {
		return err
	}
	var errs []error
	for _, want := range topics {
		errs = append(errs, want.Differences(actual[want.Name])...)
	}
	return errors.Join(errs...)
}

// ListTopics returns the topics whose names begin with prefix, in order of their names,
// and of those only the ones that may be described. Settings of others are not asked for.
func (c Client) ListTopics(ctx context.Context, prefix string) ([]Topic, error) {
	names, err := c.names(ctx)
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, prefix) })
	if len(names) == 0 {
		return nil, nil
	}
	described, err := c.describe(ctx, names...)
	if err != nil {
		return nil, err
	}
	var topics []Topic
	for _, name := range slices.Sorted(maps.Keys(described)) {
		topics = append(topics, *described[name])
	}
	return topics, nil
}

// HasTopic reports whether a topic is there. It takes no right but to describe that topic;
// without it, none is there.
func (c Client) HasTopic(ctx context.Context, topic string) (bool, error) {
	names, err := c.names(ctx)
	return slices.Contains(names, topic), err
}

// names lists all topics that may be described.
func (c Client) names(ctx context.Context) ([]string, error) {
	client, err := c.open()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	details, err := kadm.NewClient(client).ListTopics(ctx)
	if err != nil {
		return nil, fmt.Errorf("list topics: %w", err)
	}
	return details.Names(), nil
}

// Differences compares the topic with what is there, nil if nothing is: one error for each.
func (t Topic) Differences(actual *Topic) []error {
	if actual == nil {
		return []error{fmt.Errorf("%w: %s", ErrTopicMissing, t.Name)}
	}
	var errs []error
	if actual.Partitions != t.Partitions {
		errs = append(errs, fmt.Errorf("%w: %s has %d, not %d", ErrPartitionCount, t.Name, actual.Partitions, t.Partitions))
	}
	if actual.Hidden {
		return errs
	}
	for _, name := range slices.Sorted(maps.Keys(t.Configs)) {
		want, got := t.Configs[name], actual.Configs[name]
		switch {
		case got == want:
		case name == RetentionMS && want == "-1":
			errs = append(errs, fmt.Errorf("%w: %s has %s=%s", ErrTopicForgetting, t.Name, name, got))
		default:
			errs = append(errs, fmt.Errorf("%w: %s has %s=%s, not %s", ErrTopicConfig, t.Name, name, got, want))
		}
	}
	return errs
}

// describe returns the named topics that exist, or all, with every setting that may be read.
func (c Client) describe(ctx context.Context, names ...string) (map[string]*Topic, error) {
	client, err := c.open()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	details, err := admin.ListTopics(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("list topics: %w", err)
	}
	topics := make(map[string]*Topic)
	for _, d := range details.Sorted() {
		if errors.Is(d.Err, kerr.UnknownTopicOrPartition) {
			continue
		}
		if d.Err != nil {
			return nil, fmt.Errorf("list topic %s: %w", d.Topic, d.Err)
		}
		topics[d.Topic] = &Topic{
			Name: d.Topic, Partitions: int32(len(d.Partitions)), Replication: int16(d.Partitions.NumReplicas()),
			Configs: make(map[string]string),
		}
	}
	if len(topics) == 0 {
		return topics, nil
	}
	return topics, settings(ctx, client, topics)
}

// settings fills in those of topics. The administrative client would refuse to tell any if
// one of them may not be read.
func settings(ctx context.Context, client *kgo.Client, topics map[string]*Topic) error {
	req := kmsg.NewPtrDescribeConfigsRequest()
	for name := range topics {
		resource := kmsg.NewDescribeConfigsRequestResource()
		resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeTopic, name
		req.Resources = append(req.Resources, resource)
	}
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return fmt.Errorf("describe topics: %w", err)
	}
	for _, r := range resp.Resources {
		switch err := kerr.ErrorForCode(r.ErrorCode); {
		case errors.Is(err, kerr.TopicAuthorizationFailed):
			topics[r.ResourceName].Hidden = true
		case errors.Is(err, kerr.UnknownTopicOrPartition): // the broker that answers has not heard of it yet, or not any more
			delete(topics, r.ResourceName)
			continue
		case err != nil:
			return fmt.Errorf("describe topic %s: %w", r.ResourceName, err)
		}
		for _, setting := range r.Configs {
			if setting.Value != nil {
				topics[r.ResourceName].Configs[setting.Name] = *setting.Value
			}
		}
	}
	return nil
}
