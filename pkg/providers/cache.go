package providers

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"hash"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"leadrouter/pkg/clock"
)

// cache keeps answers in Redis. Its keys have no hash tag: they are spread over a cluster,
// and none is in the ledger's slot. A nil client is an empty cache.
type cache struct {
	client    redis.UniversalClient
	namespace string
	secret    []byte
	clock     clock.Clock
	m         *metrics
	broken    atomic.Int64 // until when it is not asked, as Unix nanoseconds
}

// cacheRest is how long Redis is left alone after it has failed.
const cacheRest = time.Second

// keyer makes keys; it is for one goroutine.
type keyer struct {
	mac hash.Hash
	buf []byte
}

func (c *cache) keyer() *keyer { return &keyer{mac: hmac.New(sha256.New, c.secret)} }

// key is that of an address, and of what is taken from the answer: with other fields it is
// another one. 144 bits of the digest are enough never to meet another address.
func (k *keyer) key(namespace string, p *Provider, address string) string {
	k.mac.Reset()
	k.buf = append(append(k.buf[:0], p.shape...), address...)
	_, _ = k.mac.Write(k.buf)
	k.buf = k.mac.Sum(k.buf[:0])
	return namespace + ":provider:" + p.Name + ":" + base64.RawURLEncoding.EncodeToString(k.buf[:18])
}

// resting reports whether there is no cache right now.
func (c *cache) resting() bool {
	return c.client == nil || c.clock.Now().UnixNano() < c.broken.Load()
}

// failed notes trouble: the next second goes without the cache.
func (c *cache) failed() {
	c.m.cacheErrors.Inc()
	c.broken.Store(c.clock.Now().Add(cacheRest).UnixNano())
}

// find looks asks up, all at once, and answers those that it can.
func (c *cache) find(ctx context.Context, asks []*ask) {
	if c.resting() {
		return
	}
	pipe := c.client.Pipeline()
	found := make([]*redis.StringCmd, len(asks))
	wanted := false
	for i, a := range asks {
		if a.from.keeps() {
			found[i], wanted = pipe.Get(ctx, a.key), true
		}
	}
	if !wanted {
		return
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		c.failed() // what came nevertheless counts
	}
	for i, a := range asks {
		if found[i] == nil {
			continue
		}
		if raw, err := found[i].Bytes(); err == nil {
			a.cached = parseKept(raw, a.from.Fields)
		}
	}
}

// kept is an answer in the cache, by the names of its facts.
type kept map[string]json.RawMessage

// parseKept reads what keep wrote; nil when it is anything else.
func parseKept(raw []byte, fields []Field) *answer {
	var k kept
	if json.Unmarshal(raw, &k) != nil {
		return nil
	}
	a := &answer{result: Cached}
	if len(k) > 0 {
		a.values = make([]string, len(fields))
		for i := range fields {
			a.values[i] = string(k[fields[i].Name])
		}
	}
	return a
}

// keep writes an answer for as long as the provider says.
func (c *cache) keep(ctx context.Context, p *Provider, key string, a answer) {
	ttl := map[Result]time.Duration{Found: p.Found, Nothing: p.Missing}[a.result]
	if ttl == 0 || c.resting() {
		return
	}
	k := kept{}
	for i, raw := range a.values {
		if raw != "" {
			k[p.Fields[i].Name] = json.RawMessage(raw)
		}
	}
	raw, err := json.Marshal(k)
	if err == nil {
		err = c.client.Set(ctx, key, raw, ttl).Err()
	}
	if err != nil {
		c.failed()
	}
}

// shapeOf is a digest of what is taken from answers, of always the same length.
func shapeOf(fields []Field) string {
	h := sha256.New()
	for i := range fields {
		_, _ = h.Write([]byte(fields[i].Name + "\x00" + fields[i].Path.String() + "\x00"))
	}
	return string(h.Sum(nil)[:8])
}

// keeps reports whether answers of the provider are remembered.
func (p *Provider) keeps() bool { return p.Found > 0 || p.Missing > 0 }
