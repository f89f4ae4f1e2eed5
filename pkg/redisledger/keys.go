package redisledger

import (
	"strings"

	"leadrouter/pkg/ledger"
)

// keys names every key of a ledger. Each says which record of the decision log it
// is folded from; what is folded from none is in flight and is not rebuilt.
type keys struct {
	namespace  string
	generation string
}

// meta binds the namespace: schema, Kafka cluster, instance prefix, epoch,
// generation, and the server they were verified on. From the epoch records. While the
// ledger stands still, former is the generation before.
func (k keys) meta() string { return "{" + k.namespace + "}:meta" }

// claim is there while somebody replaces the ledger. Nothing depends on it: it saves
// others the work.
func (k keys) claim() string { return "{" + k.namespace + "}:claim" }

func (k keys) in(what string) string {
	return "{" + k.namespace + "}:" + k.generation + ":" + what
}

// clock is the last sequence and ledger time. From every decision.
func (k keys) clock() string { return k.in("clock") }

// reps hold presence and counters by rep. From owned, freed, reowned, present,
// settled and voided.
func (k keys) reps() string { return k.in("reps") }

// credit are the balances by book. From the turns of owned, from settled and
// voided.
func (k keys) credit() string { return k.in("credit") }

// rosters are the terms by digest. From install of owned and ended.
func (k keys) rosters() string { return k.in("rosters") }

// told are the rosters whose content is in a grant of a partition. From install of
// owned and ended.
func (k keys) told() string { return k.in("told") }

// held are the activities of unknown leads. From held; owned and ended end them.
func (k keys) held() string { return k.in("held") }

// line are the leads that wait, by the reps they wait for. From owned, ended, freed and
// reowned.
func (k keys) line() string { return k.in("line") }

// offers are the leads that are to be planned again for what came free. From offer and
// taken of any grant.
func (k keys) offers() string { return k.in("offers") }

// owned is an index of the leads that count, by owner. From all that changes a lead.
func (k keys) owned() string { return k.in("owned") }

// acked are the acknowledged positions by partition. Not from the log: they are
// the committed offsets of the consumer group.
func (k keys) acked() string { return k.in("acked") }

// floors are the lowest sequences in flight by partition. In flight only.
func (k keys) floors() string { return k.in("floors") }

// memo lists the operations of a partition that are not acknowledged. In flight
// only.
func (k keys) memo(p ledger.Partition) string { return k.in(memoPrefix + p.String()) }

// lead is one lead. From owned, ended, freed, reowned, noted and voided.
func (k keys) lead(id string) string { return k.in(leadPrefix + id) }

// bearer is who stands for a trait. From owned, ended, freed, reowned and voided.
func (k keys) bearer(trait string) string { return k.in(bearerPrefix + trait) }

const (
	memoPrefix   = "memo:"
	leadPrefix   = "lead:"
	bearerPrefix = "bearer:"
)

// all matches every key of the generation, for SCAN.
func (k keys) all() string { return literal(k.in("")) + "*" }

// literal takes the meaning from what SCAN reads as a pattern.
func literal(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(s)
}

// partition reads what Partition.String wrote.
func partition(s string) (ledger.Partition, error) {
	topic, index, err := cutNumber(s)
	return ledger.Partition{Topic: topic, Index: int32(index)}, err
}
