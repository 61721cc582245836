import { playTogether } from './rooms.ts'

await playTogether('campaigns', 'histories')
