// Package match recognises who is behind a lead: persons that have been here before, and
// companies however they are written.
package match
