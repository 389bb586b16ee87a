// Package byterange is the profile "byterange": PATCH with a segmented upload media type, the first option of
// http-resumable-uploads.txt, on the ground of draft-ietf-httpapi-patch-byterange.
//
// In the room: the driver, the writers of the three media types, and the cases, one file per area. What may be touched:
// cases may be added; an ID is never reused and never means something else. Who comes in: suite, through Profile.
//
// README.md says what the sources leave open, and what this profile takes them to say.
package byterange
