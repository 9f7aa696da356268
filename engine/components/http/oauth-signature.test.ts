import { expect, test } from 'vitest'
import { oauthHeader } from './oauth-signature.ts'

test('a request is signed as the example of the OAuth 1.0 specification is', () => {
  const identity = {
    consumerKey: 'dpf43f3p2l4k3l03',
    consumerSecret: 'kd94hf93k423kf44',
    token: 'nnch734d00sl2jdk',
    tokenSecret: 'pfkkdhi9sl3r4s00',
  }
  const moment = { nonce: 'kllo9940pd9333jh', seconds: 1191242096 }
  const url = 'http://photos.example.net/photos?file=vacation.jpg&size=original'
  const header = oauthHeader('get', url, identity, moment)
  expect(header).toContain('oauth_signature="tR3%2BTy81lMeYAr%2FFid0kMTYa%2FWM%3D"')
})
