package importer

// Zone says so where a source names no time zone, and takes UTC.
func Zone(item *Item) {
	if item.Document.Schedule.Timezone == "" {
		item.Remark("timezone", "is not said; the times are taken for UTC, unless --timezone says otherwise")
	}
}
