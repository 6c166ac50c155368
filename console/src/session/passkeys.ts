// Passkeys: made, used, listed and deleted with the browser's own dialogs and Cognito's own calls.
// https://www.w3.org/TR/webauthn-3/#sctn-parseCreationOptionsFromJSON
import type { Config } from '../config.ts';
import { type Cognito, CognitoError, type Step } from './cognito.ts';
import type { Kind } from './session.ts';

/** Whether people of this kind can have passkeys on this page, with this browser. */
export const passkeysHere = ({ passkeys }: Config, kind: Kind): boolean => {
  if (!passkeys?.for.includes(kind)) return false;
  const host = location.hostname;
  const { relyingParty } = passkeys;
  if (host !== relyingParty && !host.endsWith(`.${relyingParty}`)) return false;
  return typeof PublicKeyCredential === 'function' && 'parseCreationOptionsFromJSON' in PublicKeyCredential;
};

const TYPE = 'WEB_AUTHN';

export const signInByPasskey = async (cognito: Cognito, username: string): Promise<Step> => {
  const asked = await cognito.chooseFirst(username, TYPE);
  const options = asked.ChallengeParameters?.['CREDENTIAL_REQUEST_OPTIONS'];
  if (asked.ChallengeName !== TYPE || options === undefined) throw new CognitoError('NoPasskey');
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(options));
  const credential = await fromBrowser(navigator.credentials.get({ publicKey }));
  return cognito.respond(TYPE, { session: asked.Session ?? '', username }, { CREDENTIAL: JSON.stringify(credential) });
};

export interface Passkey {
  readonly CredentialId: string;
  readonly FriendlyCredentialName: string;
  /** Epoch seconds. */
  readonly CreatedAt: number;
}

export const listPasskeys = async (cognito: Cognito, access: string): Promise<readonly Passkey[]> => {
  const { Credentials = [] } = await cognito.call<{ readonly Credentials?: readonly Passkey[] }>(
    'ListWebAuthnCredentials',
    { AccessToken: access, MaxResults: 20 },
  );
  return Credentials;
};

export const addPasskey = async (cognito: Cognito, access: string): Promise<void> => {
  const { CredentialCreationOptions: asked } = await cognito.call<{
    readonly CredentialCreationOptions: PublicKeyCredentialCreationOptionsJSON;
  }>('StartWebAuthnRegistration', { AccessToken: access });
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked);
  const credential = await fromBrowser(navigator.credentials.create({ publicKey }));
  await cognito.call('CompleteWebAuthnRegistration', { AccessToken: access, Credential: credential });
  // Where a second factor is set up, a passkey is taken only when it was made to count as both.
  const { UserMFASettingList: factors = [] } = await cognito.call<{ readonly UserMFASettingList?: readonly string[] }>(
    'GetUser',
    { AccessToken: access },
  );
  if (!factors.includes('SOFTWARE_TOKEN_MFA')) return;
  await cognito.call('SetUserMFAPreference', { AccessToken: access, WebAuthnMfaSettings: { Enabled: true } });
};

export const removePasskey = async (cognito: Cognito, access: string, id: string): Promise<void> => {
  await cognito.call('DeleteWebAuthnCredential', { AccessToken: access, CredentialId: id });
};

/** The dialog was closed, the device has no lock, or it has the passkey already: browsers tell little, and so do we. */
const fromBrowser = async (asking: Promise<Credential | null>): Promise<object> => {
  const credential = await asking.catch((error: unknown) => {
    const name = error instanceof DOMException ? error.name : '';
    throw new CognitoError(name === 'InvalidStateError' ? 'PasskeyKnown' : 'PasskeyCancelled');
  });
  if (!(credential instanceof PublicKeyCredential)) throw new CognitoError('PasskeyCancelled');
  return credential.toJSON();
};
