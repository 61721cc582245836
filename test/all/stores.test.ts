import { playTogether } from './rooms.ts'

await playTogether('clipboard', 'stores')
