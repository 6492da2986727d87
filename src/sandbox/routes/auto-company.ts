import { slotOf } from "../store/slots.ts";
import { attributeOf } from "../store/find.ts";
import type { Actor, Item } from "../store/model.ts";
import { SYSTEM } from "../store/state.ts";
import type { SandboxStore } from "../store/store.ts";
import { findByUnique } from "../values/references.ts";

/** Providers of mail for everyone: their addresses say nothing about a company. */
const FREE_MAIL = new Set([
  "gmail.com",
  "googlemail.com",
  "outlook.com",
  "hotmail.com",
  "yahoo.com",
  "icloud.com",
]);

/**
 * A person created with an email address is put into the company of that domain, which is created if need be
 * (docs page "People"). Off with the quirk `autoCompany`.
 */
export function companyFor(store: SandboxStore, person: Item, by: Actor): void {
  const domain = emailDomain(person);
  if (!store.quirks.autoCompany || domain === undefined || FREE_MAIL.has(domain)) return;
  const company = attributeOf(person.container, "company");
  if (company === undefined || slotOf(person, company).active.length > 0) return;
  const companies = store.object("companies");
  const found = findByUnique(companies, "domains", domain);
  const target = found ?? store.createRecord(companies, { domains: [domain] }, { by: SYSTEM });
  store.updateItem(person, { company: target }, { by });
}

function emailDomain(person: Item): string | undefined {
  if (person.container.slug !== "people") return undefined;
  const emails = attributeOf(person.container, "email_addresses");
  const first = emails === undefined ? undefined : slotOf(person, emails).active[0];
  const domain = first?.fields["email_domain"];
  return typeof domain === "string" ? domain : undefined;
}
