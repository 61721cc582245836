import { playTogether } from './rooms.ts'

await playTogether('platform', 'sandbox')
