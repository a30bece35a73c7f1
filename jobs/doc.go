// Package jobs is the Asynq side: the public Client that a booking core submits bookings with, and the workers' side, which hands tasks to
// whoever does the work. A task of ours is a hint that carries identifiers; losing it costs time and nothing else, because SQL knows what is due.
//
// Files: client.go (public: SubmitBooking), submit.go (its handler), hints.go (sending and handling hints), mux.go (queues and servers).
package jobs
