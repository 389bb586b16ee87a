// Package store keeps the durable state of operations and items in plain files.
//
// In the room: operations (an upload and its response), their bodies, the items made from them.
// May be touched: everything here, as long as what was acknowledged survives kill -9 (and, with
// Options.Sync, the loss of power), and as long as an effect still happens exactly once.
// Who comes in: package reference only. Nothing here knows HTTP, and no file name comes from a client.
package store
