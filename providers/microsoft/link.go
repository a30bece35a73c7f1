package microsoft

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

var (
	errForeignLink = errors.New("a link leads away from the configured API")
	errCycle       = errors.New("links lead round in a circle")
	errPage        = errors.New("the page is none of this driver's")
)

// checkLink refuses a link to anywhere but the API: requests carry a token.
func checkLink(base *url.URL, link string) error {
	u, err := url.Parse(link)
	if err != nil || u.User != nil || u.Opaque != "" || u.Scheme != base.Scheme || !strings.EqualFold(u.Host, base.Host) {
		return errForeignLink
	}
	return nil
}

// place is where a listing stands: the link to its next page, and what Brent's algorithm needs to notice in constant space that links lead
// round in a circle, as they have been seen to do (https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/3070): the digest of one
// earlier link, how many steps ago it was set, and after how many steps it is set anew.
type place struct {
	link         string
	mark         string
	steps, power int
}

// next is the place after p; the zero place is the beginning.
func (p place) next(link string) (place, error) {
	digest := digestOf(link)
	switch {
	case p.power == 0:
		return place{link: link, mark: digest, power: 1}, nil
	case digest == p.mark:
		return place{}, errCycle
	case p.steps+1 == p.power:
		return place{link: link, mark: digest, power: 2 * p.power}, nil
	default:
		return place{link: link, mark: p.mark, steps: p.steps + 1, power: p.power}, nil
	}
}

func digestOf(link string) string {
	sum := sha256.Sum256([]byte(link))
	return hex.EncodeToString(sum[:8])
}

// String is the place as it stands in a cal.Page.
func (p place) String() string { return fmt.Sprintf("%s %d %d %s", p.mark, p.steps, p.power, p.link) }

// parsePlace reads what String wrote; an empty page is the beginning.
func parsePlace(page string) (place, error) {
	if page == "" {
		return place{}, nil
	}
	parts := strings.SplitN(page, " ", 4)
	if len(parts) != 4 {
		return place{}, errPage
	}
	steps, err1 := strconv.Atoi(parts[1])
	power, err2 := strconv.Atoi(parts[2])
	if err1 != nil || err2 != nil || power < 1 {
		return place{}, errPage
	}
	return place{mark: parts[0], steps: steps, power: power, link: parts[3]}, nil
}
