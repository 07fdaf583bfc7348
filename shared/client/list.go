package client

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strconv"
)

// largestPage is the most items that the server puts on one page.
const largestPage = 500

// List returns the first items of a list of the API, at most so many, in the
// list's order; more says that there are others. At most 0 is for a list that the
// API does not cut into pages. The query filters; it is not changed.
func List[T any](ctx context.Context, c *Client, path string, query url.Values, most int) (items []T, more bool, err error) {
	asked := maps.Clone(query)
	if asked == nil {
		asked = url.Values{}
	}
	for {
		if most > 0 {
			asked.Set("limit", strconv.Itoa(min(most-len(items), largestPage)))
		}
		var page struct {
			Items      []T    `json:"items"`
			NextCursor string `json:"next_cursor"`
		}
		if err := c.Do(ctx, http.MethodGet, path+"?"+asked.Encode(), nil, &page); err != nil {
			return nil, false, err
		}
		items, more = append(items, page.Items...), page.NextCursor != ""
		if !more || len(items) >= most {
			return items, more, nil
		}
		asked.Set("cursor", page.NextCursor)
	}
}
