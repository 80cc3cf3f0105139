import { randomBytes, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import "./reflect-metadata.ts";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** A private certificate authority: its certificate to trust, its key to sign with. */
export interface CertificateAuthority {
  readonly certPem: string;
  /** PKCS #8; keep it in a file of mode 0600 or not at all. */
  readonly keyPem: string;
}

/** A certificate a TLS server presents, with its key. */
export interface ServerCertificate {
  readonly certPem: string;
  readonly keyPem: string;
}

/** The kind of key that everything here has. */
export const EC = { name: "ECDSA", namedCurve: "P-256" } as const;
/** The kind of signature that everything here has. */
export const SIGNATURE = { name: "ECDSA", hash: "SHA-256" } as const;
const DAY = 24 * 60 * 60 * 1000;

/** A fresh authority, good for ten years, for servers on this machine only. */
export async function createCertificateAuthority(): Promise<CertificateAuthority> {
  const keys = await webcrypto.subtle.generateKey(EC, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      ...validity(3650),
      serialNumber: serialNumber(),
      // A name of its own per authority: two local hubs in one trust store must not be taken for one another.
      name: `CN=wavegate local authority ${randomBytes(4).toString("hex")}`,
      keys,
      signingAlgorithm: SIGNATURE,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    },
    webcrypto,
  );
  return { certPem: certificate.toString("pem"), keyPem: await privateKeyPem(keys.privateKey) };
}

/** A server certificate for DNS names and IP addresses, signed by the authority, good for 825 days. */
export async function issueServerCertificate(
  authority: CertificateAuthority,
  names: readonly string[],
): Promise<ServerCertificate> {
  const [commonName] = names;
  if (commonName === undefined) {
    throw new RangeError("issueServerCertificate: no names given, pass at least one, such as localhost");
  }
  const keys = await webcrypto.subtle.generateKey(EC, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.create(
    {
      ...validity(825),
      serialNumber: serialNumber(),
      subject: `CN=${commonName}`,
      issuer: new X509Certificate(authority.certPem).subject,
      publicKey: keys.publicKey,
      signingKey: await signingKey(authority),
      signingAlgorithm: SIGNATURE,
      extensions: [
        new BasicConstraintsExtension(false),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(
          names.map((name) => ({ type: isIP(name) === 0 ? ("dns" as const) : ("ip" as const), value: name })),
        ),
      ],
    },
    webcrypto,
  );
  return { certPem: certificate.toString("pem"), keyPem: await privateKeyPem(keys.privateKey) };
}

function validity(days: number): { notBefore: Date; notAfter: Date } {
  // A day back, for machines whose clocks disagree a little.
  return { notBefore: new Date(Date.now() - DAY), notAfter: new Date(Date.now() + days * DAY) };
}

/** The key of an authority, to sign with. */
export function signingKey(authority: CertificateAuthority): Promise<webcrypto.CryptoKey> {
  const key = PemConverter.decodeFirst(authority.keyPem);
  return webcrypto.subtle.importKey("pkcs8", key, EC, false, ["sign"]);
}

/** [RFC 5280, 4.1.2.2]: positive, at most 20 octets, unique per authority. */
export function serialNumber(): string {
  return `01${randomBytes(15).toString("hex")}`;
}

/** A key as PKCS #8. */
export async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}
