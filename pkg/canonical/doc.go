// Package canonical writes JSON without reflection, byte for byte as encoding/json does it:
// equal values are equal bytes, whichever of the two has written them. What every lead brings
// about – its draft, its decision, its assignment – is written like this, in a fraction of
// the time.
//
//	w := canonical.New(512)
//	w.Open()
//	w.Text("id", "L-1")
//	w.OptInteger("value", 0) // left out, as by omitempty
//	w.Close()
//	raw, err := w.Result()   // {"id":"L-1"}
//
// Common values are written here, rare ones left to encoding/json.
package canonical
