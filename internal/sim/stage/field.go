package stage

import "fmt"

// FieldError is a value that is not possible. It names the field in the words of the JSON that it came in, such as google.stop_unknown, so that
// whoever read it from a file can point at the line. It is an ErrInvalid.
type FieldError struct {
	Field string
	What  string
}

// Error implements error.
func (e *FieldError) Error() string { return "invalid: " + e.Field + ": " + e.What }

// Unwrap makes the error an ErrInvalid.
func (e *FieldError) Unwrap() error { return ErrInvalid }

func badField(field, format string, args ...any) error {
	return &FieldError{Field: field, What: fmt.Sprintf(format, args...)}
}

// firstError is the first of them that is one.
func firstError(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// notNegative fails on a number below 0.
func notNegative(field string, n int) error {
	if n < 0 {
		return badField(field, "is %d, and cannot be negative", n)
	}
	return nil
}

func knownProvider(p Provider) error {
	if p != "" && p != Google && p != Microsoft {
		return badField("provider", "unknown provider %q: there are %s and %s", p, Google, Microsoft)
	}
	return nil
}
