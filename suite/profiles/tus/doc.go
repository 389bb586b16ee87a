// Package tus is the profile "tus": the tus resumable upload protocol 1.0.0 and its extensions.
//
// In the room: the driver (how this protocol creates, writes and asks), what a server announces, and the profile's own
// cases, one file per section; those of the interruption matrix come from package matrix. What may be touched: cases may be
// added; an ID is never reused and never means something else. Who comes in: suite, through Profile.
//
// README.md says what the source leaves open, and what this profile takes it to say.
package tus
