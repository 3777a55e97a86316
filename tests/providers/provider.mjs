// An OpenID Connect provider (oidc-provider) and a SAML identity provider (samlp) on loopback, for the suite.
// node provider.mjs <port> <desk> <certificate.pem> <key.pem>; prints "ready". Who signs in is the query or
// form field `as`; the accounts come as JSON in the environment variable ACCOUNTS.
import fs from "node:fs";
import http from "node:http";
import Provider from "oidc-provider";
import samlp from "samlp";

const [port, desk, certificate, key] = process.argv.slice(2);
const base = `http://127.0.0.1:${port}`;
const accounts = JSON.parse(process.env.ACCOUNTS);
let wrong = "";

const oidc = new Provider(base, {
  clients: [{
    client_id: "holdfast", client_secret: "s3cret-s3cret-s3cret-s3cret-s3cret",
    redirect_uris: [`${desk}/sign-in/oidc/company/callback`], grant_types: ["authorization_code"],
  }],
  scopes: ["openid", "profile", "email", "groups"],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "preferred_username"], groups: ["groups"] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (context, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (context, id) => ({ accountId: id, claims: () => ({ sub: id, ...accounts[id] }) }),
  cookies: { keys: ["only for tests"] },
});

async function interact(request, response, address) {
  const details = await oidc.interactionDetails(request, response);
  const who = address.searchParams.get("as") ?? details.session?.accountId;
  if (details.prompt.name === "login" && !address.searchParams.has("as")) {
    response.end("who are you? say ?as=");
    return;
  }
  if (address.searchParams.get("as") === "nobody") {
    await oidc.interactionFinished(request, response, { error: "access_denied" });
    return;
  }
  if (details.prompt.name === "login") {
    await oidc.interactionFinished(request, response, { login: { accountId: who } });
    return;
  }
  const grant = new oidc.Grant({ accountId: details.session.accountId, clientId: details.params.client_id });
  grant.addOIDCScope(details.params.scope);
  await oidc.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}

function saml(request, response, address) {
  const who = address.searchParams.get("as");
  const account = accounts[who];
  const groups = [].concat(account.groups ?? []);
  request.query = Object.fromEntries(address.searchParams);
  request.user = { id: who, displayName: account.name, emails: [{ value: account.email }] };
  samlp.auth({
    issuer: `${base}/saml`, cert: fs.readFileSync(certificate), key: fs.readFileSync(key),
    signatureAlgorithm: "rsa-sha256", digestAlgorithm: "sha256", lifetimeInSeconds: 300,
    destination: `${desk}/sign-in/saml/works/acs`, recipient: `${desk}/sign-in/saml/works/acs`,
    getPostURL: (audience, dom, req, done) => done(null, `${desk}/sign-in/saml/works/acs`),
    profileMapper: () => ({
      getClaims: () => ({ email: account.email, username: account.preferred_username, groups }),
      getNameIdentifier: () => ({ nameIdentifier: who, nameIdentifierFormat: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" }),
    }),
    responseHandler: (answer, options, req, res) => {
      // What an attacker in the browser could change: the signed words, or the whole signature.
      let xml = answer.toString();
      if (wrong === "tampered") xml = xml.replaceAll(">tier1s<", ">leads<");
      if (wrong === "unsigned") xml = xml.replace(/<Signature[\s\S]*?<\/Signature>/, "");
      res.setHeader("content-type", "application/json");
      res.end(JSON.stringify({ url: options.postUrl, SAMLResponse: Buffer.from(xml).toString("base64"), RelayState: options.RelayState ?? "" }));
    },
  })(request, response, (error) => { response.statusCode = 500; response.end(String(error?.stack ?? error)); });
}

const serve = oidc.callback();
http.createServer((request, response) => {
  const address = new URL(request.url, base);
  if (address.pathname.startsWith("/interaction/")) interact(request, response, address).catch((error) => response.end(String(error)));
  else if (address.pathname === "/saml") { wrong = address.searchParams.get("wrong") ?? ""; saml(request, response, address); }
  else serve(request, response);
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));
