// Package kstream applies a handler to Kafka topics exactly once.
package kstream
