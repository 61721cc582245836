// Errors of bundled tests name the files that the bundle was made from. tap comes first, with its own maps unread.
import 'tap'
import { setFlagsFromString } from 'node:v8'

process.setSourceMapsEnabled(true)
// Most of what a test runs it runs a few times, and is optimised later therefore. Versions of V8 without this flag do as they always do.
if (process.version.startsWith('v20.')) setFlagsFromString('--interrupt-budget=600000')
