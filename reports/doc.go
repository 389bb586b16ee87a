// Package reports holds the result model, its JSON schema, and every rendering of it.
//
// In the room: one model (model.go), one format (report.schema.json), and a writer for each reader:
// JSON, HTML, JUnit, Markdown, the terminal. May be touched: the looks, and fields added to the model;
// a field that changes its meaning raises the version in Schema. Comes in: nothing of this project. What
// a target sent is hostile here, so every writer escapes it by itself and trusts nobody to have done so.
package reports
