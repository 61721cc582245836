// tap follows every promise, to tell in which test an error was thrown that nobody caught. That takes up to half of the time
// of tests that are all promises. Without it such an error ends its whole file, which fails just as well.
// Not TypeScript: workers load it as well, before anything that reads TypeScript.
import hooks from 'node:async_hooks'
import { syncBuiltinESMExports } from 'node:module'

const idle = { enable: () => idle, disable: () => idle }
Object.assign(hooks, { createHook: () => idle })
syncBuiltinESMExports()
