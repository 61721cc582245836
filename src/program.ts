// Whatever is not help or version. What Node is to keep of the program it has to know before it loads it.
import { keepCompiledCode } from './files/compiled-code.ts'

keepCompiledCode(process.env)
void import('./main.ts')
