package seal

import "time"

// Within is the command with another bound in time.
func (c Command) Within(d time.Duration) Command {
	c.timeout = d
	return c
}
