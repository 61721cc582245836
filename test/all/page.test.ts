import { playTogether } from './rooms.ts'

await playTogether('page')
