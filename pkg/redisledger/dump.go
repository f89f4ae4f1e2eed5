package redisledger

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"leadrouter/pkg/ledger"
)

// scanPage is how many keys one SCAN, MGET or pipeline handles.
const scanPage = 1_000

// Dump implements [ledger.Store]. It reads key by key: what is written meanwhile
// may be half in it.
func (l *Ledger) Dump(ctx context.Context) (*ledger.State, error) { return l.dump(ctx, l.binding()) }

func (l *Ledger) dump(ctx context.Context, b binding) (*ledger.State, error) {
	d := dump{Ledger: l, bound: b, keys: l.keys(b.generation), state: ledger.NewState()}
	if err := d.read(ctx); err != nil {
		return nil, fmt.Errorf("dump redis ledger %s: %w", l.cfg.Namespace, err)
	}
	return d.state, nil
}

type dump struct {
	*Ledger
	bound   binding
	keys    keys
	state   *ledger.State
	rosters rosterFields
	digests map[string]string // by number
}

func (d *dump) read(ctx context.Context) error {
	status, err := d.status(ctx, d.bound)
	if err != nil {
		return err
	}
	d.state.Epoch, d.state.Sequence, d.state.At = status.Epoch, status.Sequence, status.At
	if err := d.readRosters(ctx); err != nil {
		return err
	}
	hashes := []struct {
		key  string
		read func(field, value string) error
	}{
		{d.keys.reps(), d.rep},
		{d.keys.credit(), d.credit},
		{d.keys.held(), d.early},
		{d.keys.offers(), d.offer},
		{d.keys.acked(), d.acked},
	}
	for _, hash := range hashes {
		fields, err := d.client.HGetAll(ctx, hash.key).Result()
		if err != nil {
			return classify(err)
		}
		for field, value := range fields {
			if err := hash.read(field, value); err != nil {
				return fmt.Errorf("%s of %s: %w", field, hash.key, err)
			}
		}
	}
	return d.readKeys(ctx)
}

func (d *dump) readRosters(ctx context.Context) error {
	fields, err := d.client.HGetAll(ctx, d.keys.rosters()).Result()
	if err != nil {
		return classify(err)
	}
	d.rosters, d.digests = fields, map[string]string{}
	for _, digest := range d.rosters.digests() {
		d.digests[fields[digest]] = digest
		if d.state.Rosters[digest], err = d.rosters.terms(digest); err != nil {
			return err
		}
	}
	return d.readTold(ctx)
}

func (d *dump) readTold(ctx context.Context) error {
	members, err := d.client.SMembers(ctx, d.keys.told()).Result()
	if err != nil {
		return classify(err)
	}
	for _, member := range members {
		number, part, _ := strings.Cut(member, " ")
		digest := d.digests[number]
		if d.state.Told[digest] == nil {
			d.state.Told[digest] = ledger.Told{}
		}
		d.state.Told[digest][part] = true
	}
	return nil
}

func (d *dump) rep(id, text string) (err error) {
	d.state.Reps[id], err = parseRep(text)
	return err
}

func (d *dump) credit(book, text string) (err error) {
	d.state.Books[book], err = parseBook(text)
	return err
}

func (d *dump) early(lead, text string) (err error) {
	d.state.Held[lead], err = parseEarly(text)
	return err
}

func (d *dump) offer(lead, text string) (err error) {
	d.state.Offers[lead], err = parseOffer(lead, text)
	return err
}

func (d *dump) acked(part, text string) error {
	t, err := d.tail(part)
	if err != nil {
		return err
	}
	n := numbers{}
	t.Acked = n.read(text)
	return n.err
}

func (d *dump) tail(part string) (*ledger.Tail, error) {
	if t := d.state.Tails[part]; t != nil {
		return t, nil
	}
	p, err := partition(part)
	d.state.Tails[part] = &ledger.Tail{Partition: p}
	return d.state.Tails[part], err
}

// readKeys reads leads and memos, which have keys of their own.
func (d *dump) readKeys(ctx context.Context) error {
	leads, memos, bearers := d.keys.in(leadPrefix), d.keys.in(memoPrefix), d.keys.in(bearerPrefix)
	return d.scan(ctx, d.keys.all(), func(found []string) error {
		var ids, traits []string
		for _, key := range found {
			if trait, ok := strings.CutPrefix(key, bearers); ok {
				traits = append(traits, trait)
			}
			if id, ok := strings.CutPrefix(key, leads); ok {
				ids = append(ids, id)
			}
			if part, ok := strings.CutPrefix(key, memos); ok {
				if err := d.memos(ctx, part); err != nil {
					return err
				}
			}
		}
		known, err := d.bearers(ctx, d.keys, traits)
		if err != nil {
			return err
		}
		maps.Copy(d.state.Bearers, known)
		return d.leads(ctx, ids)
	})
}

func (d *dump) leads(ctx context.Context, ids []string) error {
	return d.pages(ctx, ids, d.keys.lead, func(id, stored string) error {
		lead, err := parseLead(stored)
		if err != nil {
			return err
		}
		if lead.Turn != nil {
			lead.Turn.Roster = d.digests[lead.Turn.Roster]
		}
		if lead.Line != nil {
			lead.Line.Roster = d.digests[lead.Line.Roster]
		}
		d.state.Leads[id] = lead
		return nil
	})
}

func (d *dump) memos(ctx context.Context, part string) error {
	t, err := d.tail(part)
	if err != nil {
		return err
	}
	texts, err := d.client.LRange(ctx, d.keys.in(memoPrefix+part), 0, -1).Result()
	if err != nil {
		return classify(err)
	}
	for _, text := range texts {
		memo, installs, err := parseMemo(t.Partition, text)
		if err == nil {
			err = complete(&memo, installs, d.rosters)
		}
		if err != nil {
			return err
		}
		t.Memos = append(t.Memos, memo)
	}
	return nil
}

// scan visits every key of a pattern once, in pages.
func (l *Ledger) scan(ctx context.Context, pattern string, visit func(keys []string) error) error {
	node, err := l.node(ctx)
	if err != nil {
		return err
	}
	seen := map[string]bool{} // SCAN may give a key twice
	for cursor := uint64(0); ; {
		keys, next, err := node.Scan(ctx, cursor, pattern, scanPage).Result()
		if err != nil {
			return classify(err)
		}
		keys = slices.DeleteFunc(keys, func(key string) bool { return seen[key] })
		for _, key := range keys {
			seen[key] = true
		}
		if err := visit(keys); err != nil {
			return err
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}

// node is the server that holds the namespace.
func (l *Ledger) node(ctx context.Context) (redis.Cmdable, error) {
	cluster, ok := l.client.(*redis.ClusterClient)
	if !ok {
		return l.client, nil
	}
	node, err := cluster.MasterForKey(ctx, l.keys("").meta())
	if err != nil {
		return nil, fmt.Errorf("find the node of %s: %w", l.cfg.Namespace, classify(err))
	}
	return node, nil
}
