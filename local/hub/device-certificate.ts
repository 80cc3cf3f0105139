import { webcrypto, X509Certificate } from "node:crypto";
import "./reflect-metadata.ts";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509Certificate as Issuer,
  X509CertificateGenerator,
} from "@peculiar/x509";
import {
  EC,
  privateKeyPem,
  serialNumber,
  SIGNATURE,
  signingKey,
  type CertificateAuthority,
} from "./certificates.ts";

/** A certificate a device connects with, its key, and the thumbprints to register it by. */
export interface DeviceCertificate {
  readonly certPem: string;
  readonly keyPem: string;
  /** Hexadecimal, as the service takes them. */
  readonly sha1: string;
  readonly sha256: string;
}

/** What a device's certificate may be given; by default it signs itself and is valid for a year from yesterday. */
export interface DeviceCertificateOptions {
  readonly authority?: CertificateAuthority;
  readonly validFrom?: Date;
  readonly validUntil?: Date;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** A certificate for a device: by its thumbprint, or by an authority that is registered on the hub. */
export async function issueDeviceCertificate(
  deviceId: string,
  options: DeviceCertificateOptions = {},
): Promise<DeviceCertificate> {
  const keys = await webcrypto.subtle.generateKey(EC, true, ["sign", "verify"]);
  const subject = [{ CN: [deviceId] }];
  const { authority } = options;
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(),
      subject,
      issuer: authority === undefined ? subject : new Issuer(authority.certPem).subject,
      notBefore: options.validFrom ?? new Date(Date.now() - DAY_MS),
      notAfter: options.validUntil ?? new Date(Date.now() + 365 * DAY_MS),
      publicKey: keys.publicKey,
      signingKey: authority === undefined ? keys.privateKey : await signingKey(authority),
      signingAlgorithm: SIGNATURE,
      extensions: [
        new BasicConstraintsExtension(false),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
      ],
    },
    webcrypto,
  );
  const certPem = certificate.toString("pem");
  const { fingerprint, fingerprint256 } = new X509Certificate(certPem);
  return {
    certPem,
    keyPem: await privateKeyPem(keys.privateKey),
    sha1: fingerprint.replaceAll(":", ""),
    sha256: fingerprint256.replaceAll(":", ""),
  };
}
