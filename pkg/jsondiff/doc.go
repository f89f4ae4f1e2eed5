// Package jsondiff says where two JSON texts differ, so that a person sees at once what
// is wrong with a record or a state of thousands of values.
//
// Objects are compared by name and lists by index; numbers exactly, as they are written.
package jsondiff
