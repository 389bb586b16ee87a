// What `make interop` certifies: apart from our own module, which does not need it.
module interop

go 1.26

require github.com/tus/tusd/v2 v2.10.0
