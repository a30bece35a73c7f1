package inbound

// Strays is how many notices were dropped because no channel of ours vouches for them.
func (h *Receiver) Strays() int64 { return h.strays.Load() }
