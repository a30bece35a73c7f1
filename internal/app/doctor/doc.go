// Package doctor examines an installation from where it stands: its settings, database, Redis, the providers' addresses, its own public one, and the
// clock. It changes nothing, shows no secret, and bounds every question in time. Each finding says what is wrong and how to mend it.
//
// Files: doctor.go (the examination), database.go, redis.go, reach.go (what is called out to), providers.go (their addresses, and the clock),
// public.go (the address that others reach this installation by).
package doctor
