package kstream

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are those of one stream. Streams that share a registry share the series; wrap the
// registerer with a label to tell them apart.
type metrics struct {
	batch        prometheus.Histogram
	stages       *prometheus.HistogramVec // stage
	transactions *prometheus.CounterVec   // result
	lag          *prometheus.GaugeVec     // topic, partition
	dead         *prometheus.CounterVec   // topic, code
	waits        *prometheus.CounterVec   // topic, partition
	owned        *prometheus.GaugeVec     // topic
	behind       *prometheus.GaugeVec     // topic
	partitions   *prometheus.GaugeVec     // topic
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "leadrouter_batch_records",
			Help:    "Records in a batch given to the handler.",
			Buckets: []float64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000},
		}),
		stages: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "leadrouter_batch_seconds",
			Help:    "Where the time of a batch goes: handled by the role; written to the log, behind the batch before; ended, its transaction that is, behind that before.",
			Buckets: []float64{.0005, .001, .002, .004, .008, .016, .032, .064, .125, .25, .5, 1, 2, 5, 15},
		}, []string{"stage"}),
		transactions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leadrouter_transactions_total",
			Help: "Batches by result: committed, offsets (committed, nothing written), aborted, unknown.",
		}, []string{"result"}),
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "leadrouter_consumer_lag_records",
			Help: "End of the partition minus the committed offset; markers of transactions count.",
		}, []string{"topic", "partition"}),
		dead: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leadrouter_dlq_records_total",
			Help: "Records written to a dead letter topic, by source topic and error code.",
		}, []string{"topic", "code"}),
		waits: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leadrouter_partition_waits_total",
			Help: "Batches in which a record of the partition had to wait for another batch. A partition that stands still while this grows waits for somebody who is gone.",
		}, []string{"topic", "partition"}),
		owned: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "leadrouter_owned_partitions",
			Help: "Partitions that this process reads. Over all processes they add up to leadrouter_topic_partitions, or some are read by nobody.",
		}, []string{"topic"}),
		behind: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "leadrouter_group_lag_records",
			Help: "How far the whole group is behind, asked of the brokers now and then; markers of transactions count. All members say the same.",
		}, []string{"topic"}),
		partitions: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "leadrouter_topic_partitions",
			Help: "Partitions of a topic that is read.",
		}, []string{"topic"}),
	}
	for _, stage := range stages() {
		m.stages.WithLabelValues(stage)
	}
	for _, result := range results() {
		m.transactions.WithLabelValues(result) // 0 is worth seeing, and what a first one is counted from
	}
	var err error
	m.batch, err = register(reg, m.batch, err)
	m.stages, err = register(reg, m.stages, err)
	m.transactions, err = register(reg, m.transactions, err)
	m.lag, err = register(reg, m.lag, err)
	m.dead, err = register(reg, m.dead, err)
	m.waits, err = register(reg, m.waits, err)
	m.owned, err = register(reg, m.owned, err)
	m.behind, err = register(reg, m.behind, err)
	m.partitions, err = register(reg, m.partitions, err)
	return m, err
}

// register returns the collector that reg already has, or c.
func register[C prometheus.Collector](reg prometheus.Registerer, c C, prior error) (C, error) {
	if prior != nil {
		return c, prior
	}
	err := reg.Register(c)
	if already := (prometheus.AlreadyRegisteredError{}); errors.As(err, &already) {
		if existing, ok := already.ExistingCollector.(C); ok {
			return existing, nil
		}
	}
	if err != nil {
		return c, fmt.Errorf("register metrics: %w", err)
	}
	return c, nil
}

// settled counts a transaction that has come to its end.
func (m *metrics) settled(t *transaction) {
	m.transactions.WithLabelValues(t.result()).Inc()
	if t.err != nil {
		return
	}
	if t.producer != nil {
		m.took(stageWritten, t.wrote.Sub(t.begun))
		m.took(stageEnded, t.ended.Sub(t.wrote))
	}
	for _, d := range t.dead {
		m.dead.WithLabelValues(d.Record.Topic, d.Code).Inc()
	}
}

// Stages of a batch.
const (
	stageHandled = "handled"
	stageWritten = "written"
	stageEnded   = "ended"
)

func stages() []string { return []string{stageHandled, stageWritten, stageEnded} }

func (m *metrics) took(stage string, d time.Duration) {
	m.stages.WithLabelValues(stage).Observe(d.Seconds())
}

// lagging updates the lag of the partitions in the map.
func (m *metrics) lagging(q *queue, of map[TopicPartition]int64) {
	for tp := range of {
		if p := q.owned[tp]; p != nil {
			m.lag.WithLabelValues(tp.Topic, strconv.Itoa(int(tp.Partition))).Set(float64(max(0, p.end-p.committed)))
		}
	}
}

// waiting counts the partitions that a handler has put records back to.
func (m *metrics) waiting(until map[TopicPartition]int64) {
	for tp := range until {
		m.waits.WithLabelValues(tp.Topic, strconv.Itoa(int(tp.Partition))).Inc()
	}
}

// owning counts what the stream reads of each of its topics.
func (m *metrics) owning(q *queue, topics []string) {
	count := make(map[string]int, len(topics))
	for tp := range q.owned {
		count[tp.Topic]++
	}
	for _, topic := range topics {
		m.owned.WithLabelValues(topic).Set(float64(count[topic]))
	}
}

// forget drops the series of partitions that another member reports from now on.
func (m *metrics) forget(tps []TopicPartition) {
	for _, tp := range tps {
		m.lag.DeleteLabelValues(tp.Topic, strconv.Itoa(int(tp.Partition)))
		m.waits.DeleteLabelValues(tp.Topic, strconv.Itoa(int(tp.Partition)))
	}
}
