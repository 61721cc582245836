import { playTogether } from './rooms.ts'

await playTogether('runtime', 'stores')
