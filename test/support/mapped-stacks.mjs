// Errors of bundled tests name the files that the bundle was made from. tap comes first: its own maps are never read.
import 'tap'

process.setSourceMapsEnabled(true)
