package event

import "time"

// Publication is the data of policy.published under the key of a publication and,
// with Active, under that of the pointer: a policy, who made it the active one, and
// why.
type Publication struct {
	Number  int             `json:"number"` // from 1, without holes
	Hash    string          `json:"hash"`   // the policy's, as decisions name it
	Name    string          `json:"name"`
	Version string          `json:"version,omitempty"`
	Engine  int             `json:"engine"` // what a plan meant to the publisher
	Files   []PublishedFile `json:"files"`  // ascending by Name
	By      string          `json:"by"`
	Because string          `json:"because,omitempty"`
	At      time.Time       `json:"at"`
	Active  bool            `json:"active,omitempty"`
}

// PublishedFile is a file that a published policy consists of.
type PublishedFile struct {
	Name string `json:"name"` // below the policy's folder, with slashes
	Hash string `json:"hash"` // SHA-256, lower-case hexadecimal
	Size int64  `json:"size"` // bytes
}

// FilePart is the data of policy.published under the key of a part: a piece of a
// file that some policy consists of.
type FilePart struct {
	Hash    string `json:"hash"` // of the whole file
	Part    int    `json:"part"` // from 0
	Parts   int    `json:"parts"`
	Content []byte `json:"content"` // base64 in JSON
}
