package redisledger

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"leadrouter/pkg/ledger"
)

// schema is the version of the keys and their values.
const schema = 1

//go:embed lua/*.lua
var sources embed.FS

// scripts of the ledger. Each file names its KEYS, its ARGV and what it returns.
type scripts struct{ apply, pending, identify, halt, flip, denied *redis.Script }

// loadScripts puts the numbered parts of apply together, in order.
func loadScripts() (scripts, error) {
	entries, err := sources.ReadDir("lua")
	if err != nil {
		return scripts{}, err
	}
	named, apply := map[string]string{}, []string{}
	for _, entry := range entries {
		src, err := sources.ReadFile("lua/" + entry.Name())
		if err != nil {
			return scripts{}, err
		}
		if entry.Name()[0] >= '0' && entry.Name()[0] <= '9' {
			apply = append(apply, string(src))
		}
		named[entry.Name()] = string(src)
	}
	return scripts{
		apply:    redis.NewScript(strings.Join(apply, "\n")),
		pending:  redis.NewScript(named["0_guard.lua"] + named["pending.lua"]),
		identify: redis.NewScript(named["identify.lua"]),
		halt:     redis.NewScript(named["halt.lua"]),
		flip:     redis.NewScript(named["flip.lua"]),
		denied:   redis.NewScript(named["denied.lua"]),
	}, nil
}

// identity is what identify.lua finds: the server, and what its namespace says.
type identity struct {
	server
	before string // replid of the master that it was copied from until it became one; zeros: none
	policy string // maxmemory-policy
	micros int64  // the server's clock
	used   int64  // bytes of its memory
	limit  int64  // maxmemory; 0: none

	exists          bool
	schema          int64
	cluster, prefix string
	epoch           int64
	generation      string
	verified        server
}

// promoted reports whether the server was a replica once, so that a master that was cut off
// may be at work still.
func (i identity) promoted() bool { return strings.Trim(i.before, "0") != "" }

func (l *Ledger) identify(ctx context.Context) (identity, error) {
	meta := l.keys("").meta()
	reply, err := l.scripts.identify.Run(ctx, l.client, []string{meta}).Slice()
	if err != nil {
		return identity{}, fmt.Errorf("identify server: %w", classify(err))
	}
	if len(reply) != 8 {
		return identity{}, fmt.Errorf("identify server: %d fields", len(reply))
	}
	fields, _ := reply[4].([]any)
	bound := map[string]string{}
	for pair := range slices.Chunk(fields, 2) {
		bound[text(pair[0])] = text(pair[1])
	}
	n := numbers{}
	found := identity{
		server: server{run: text(reply[0]), replid: text(reply[1])},
		before: text(reply[7]), policy: text(reply[2]), micros: n.read(text(reply[3])),
		used: n.read(text(reply[5])), limit: n.read(text(reply[6])),
		exists: len(bound) > 0, schema: n.read(bound["schema"]),
		cluster: bound["cluster"], prefix: bound["prefix"],
		epoch: n.read(bound["epoch"]), generation: bound["generation"],
		verified: server{run: bound["run"], replid: bound["replid"]},
	}
	return found, n.err
}

// flip makes next the ledger if old is it. [ledger.ErrEpoch]: it is not.
func (l *Ledger) flip(ctx context.Context, old, next binding) error {
	epoch := ""
	if old.generation != "" {
		epoch = strconv.FormatInt(old.epoch, 10)
	}
	flipped, err := l.scripts.flip.Run(ctx, l.client, []string{l.keys("").meta()},
		epoch, old.generation, next.epoch, next.generation, next.replid, next.run,
		schema, l.cfg.Cluster, l.cfg.Prefix).Int()
	switch {
	case err != nil:
		return fmt.Errorf("flip to epoch %d: %w", next.epoch, classify(err))
	case flipped == 0:
		return fmt.Errorf("flip to epoch %d: %w", next.epoch, ledger.ErrEpoch)
	}
	return nil
}

// generation names the keys of an epoch so that no other attempt has the same.
func generation(epoch, micros int64) string {
	return strconv.FormatInt(epoch, 10) + "." + strconv.FormatInt(micros, 36)
}

// text is a string of a reply; anything else is empty.
func text(v any) string {
	s, _ := v.(string)
	return s
}

// numbers reads whole numbers and keeps the first error. Nothing reads as 0.
type numbers struct{ err error }

func (n *numbers) read(s string) int64 {
	if s == "" {
		return 0
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil && n.err == nil {
		n.err = fmt.Errorf("read number: %w", err)
	}
	return v
}

// cutNumber takes the number behind the last slash off.
func cutNumber(s string) (string, int64, error) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return "", 0, errors.New("no slash in " + strconv.Quote(s))
	}
	v, err := strconv.ParseInt(s[i+1:], 10, 64)
	return s[:i], v, err
}
