// Package resume is the profile "resume": Partial and Resumable Requests in HTTP.
//
// In the room: the driver (how this protocol starts, asks, resumes, replays and downloads) and its
// cases, one file per area. What may be touched: cases may be added; an ID is never reused and
// never means something else. Who comes in: suite, through Profile.
package resume
