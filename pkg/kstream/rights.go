package kstream

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Resource is a kind of thing that rights are about, as kafka-acls calls its option.
type Resource string

// The resources.
const (
	TopicResource         Resource = "topic"
	GroupResource         Resource = "group"
	TransactionalResource Resource = "transactional-id"
)

// Operation is what may be done with a resource, as kafka-acls calls it. Who may Read, Write
// or Delete may Describe.
type Operation string

// The operations.
const (
	Read            Operation = "Read"
	Write           Operation = "Write"
	Create          Operation = "Create"
	Delete          Operation = "Delete"
	Describe        Operation = "Describe"
	DescribeConfigs Operation = "DescribeConfigs"
)

// Right is one thing that a user of Kafka may do.
type Right struct {
	Operation Operation `json:"operation"`
	Resource  Resource  `json:"resource"`
	Name      string    `json:"name"`
	Prefixed  bool      `json:"prefixed,omitempty"` // Name is how the names begin
}

// String is the right in words: "write topic acme.lead.timers".
func (r Right) String() string {
	text := fmt.Sprintf("%s %s %s", r.Operation, r.Resource, r.Name)
	if r.Prefixed {
		text += "*"
	}
	return text
}

// Denied returns those of the rights that the user of this client does not have. It changes
// nothing, and asks for no right of its own. Of a topic that is not there nothing is known;
// brokers without an authorizer allow all.
func (c Client) Denied(ctx context.Context, rights []Right) ([]Right, error) {
	client, err := c.open()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	topics, err := allowedOnTopics(ctx, client, rights)
	if err != nil {
		return nil, fmt.Errorf("ask for rights: %w", err)
	}
	var denied []Right
	for _, r := range rights {
		allowed := true
		switch r.Resource {
		case TopicResource:
			operations, known := topics[r.Name]
			allowed = !known || operations&(1<<codeOf(r.Operation)) != 0
		case GroupResource:
			allowed, err = mayGroup(ctx, client, r)
		case TransactionalResource:
			allowed, err = mayTransact(ctx, client, r)
		}
		if err != nil {
			return nil, fmt.Errorf("ask for the right to %s: %w", r, err)
		}
		if !allowed {
			denied = append(denied, r)
		}
	}
	return denied, nil
}

// allowedOnTopics gives the operations that are allowed by topic, each a bit at its code; 0
// where not even describing is, and none for topics that are not there.
func allowedOnTopics(ctx context.Context, client *kgo.Client, rights []Right) (map[string]int32, error) {
	req := kmsg.NewPtrMetadataRequest()
	req.IncludeTopicAuthorizedOperations = true
	req.Topics = []kmsg.MetadataRequestTopic{} // nil would be all
	asked := map[string]bool{}
	for _, r := range rights {
		if r.Resource == TopicResource && !asked[r.Name] {
			asked[r.Name] = true
			topic := kmsg.NewMetadataRequestTopic()
			topic.Topic = &r.Name
			req.Topics = append(req.Topics, topic)
		}
	}
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return nil, err
	}
	allowed := map[string]int32{}
	for _, t := range resp.Topics {
		err := kerr.ErrorForCode(t.ErrorCode)
		switch {
		case errors.Is(err, kerr.TopicAuthorizationFailed):
			allowed[*t.Topic] = 0
		case err == nil && t.AuthorizedOperations != math.MinInt32: // which brokers say that do not say
			allowed[*t.Topic] = t.AuthorizedOperations
		}
	}
	return allowed, nil
}

// codeOf is the number of an operation in the protocol.
func codeOf(o Operation) kmsg.ACLOperation {
	return map[Operation]kmsg.ACLOperation{
		Read: kmsg.ACLOperationRead, Write: kmsg.ACLOperationWrite, Create: kmsg.ACLOperationCreate,
		Delete: kmsg.ACLOperationDelete, Describe: kmsg.ACLOperationDescribe, DescribeConfigs: kmsg.ACLOperationDescribeConfigs,
	}[o]
}

// mayGroup asks for the group's coordinator, which takes Describe, and sends it a heartbeat of
// nobody, which takes Read and is refused for another reason than rights.
func mayGroup(ctx context.Context, client *kgo.Client, r Right) (bool, error) {
	if allowed, err := mayFind(ctx, client, r.Name, 0); r.Operation == Describe || !allowed || err != nil {
		return allowed, err
	}
	req := kmsg.NewPtrHeartbeatRequest()
	req.Group, req.MemberID, req.Generation = r.Name, "nobody", 0
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return false, err
	}
	return resp.ErrorCode != kerr.GroupAuthorizationFailed.Code, nil
}

// mayTransact asks for the coordinator of an id, which takes Describe, and to abort a
// transaction of a producer that cannot exist, which takes Write.
func mayTransact(ctx context.Context, client *kgo.Client, r Right) (bool, error) {
	id := r.Name
	if r.Prefixed {
		id += "nobody"
	}
	if allowed, err := mayFind(ctx, client, id, 1); r.Operation == Describe || !allowed || err != nil {
		return allowed, err
	}
	req := kmsg.NewPtrEndTxnRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch = id, -1, -1
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return false, err
	}
	return resp.ErrorCode != kerr.TransactionalIDAuthorizationFailed.Code, nil
}

// mayFind asks where a group (kind 0) or a transactional id (kind 1) is coordinated.
func mayFind(ctx context.Context, client *kgo.Client, name string, kind int8) (bool, error) {
	req := kmsg.NewPtrFindCoordinatorRequest()
	req.CoordinatorType, req.CoordinatorKey = kind, name
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return false, err
	}
	return resp.ErrorCode != kerr.GroupAuthorizationFailed.Code &&
		resp.ErrorCode != kerr.TransactionalIDAuthorizationFailed.Code, nil
}
