import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { FileUp, Users } from "lucide-react";

import { api, ok } from "@/api/client";
import { tableOf, usePage } from "@/api/pages";
import { may } from "@/api/permissions";
import { key, useRole } from "@/api/queries";
import { DataTable } from "@/components/data-table";
import { FilterBar, FilterChips, SearchBox } from "@/components/filter-bar";
import { Page } from "@/components/page";
import { EmptyByFilter, EmptyState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { LinkButton } from "@/components/ui/link-button";
import { RelativeTime } from "@/components/ui/small";
import { plural } from "@/lib/format";
import { useUrlChange, useUrlState } from "@/lib/url";

import { ContactStatus } from "./status";

/** Everybody in the workspace, found by address and status. */
export default function Contacts() {
  const [status] = useUrlState("status");
  const [q] = useUrlState("q");
  const [sort] = useUrlState("sort");
  const [importId] = useUrlState("import");
  const change = useUrlChange();
  const writes = may(useRole(), "contacts:write");
  const filters = { q: q || undefined, status: (status || undefined) as never, import_id: importId || undefined };
  const list = usePage(["contacts"], { sort, ...filters }, (cursor) => ok(api.GET("/v1/contacts", { params: { query: { cursor, sort: (sort || undefined) as never, ...filters } } })));
  const facets = useQuery({
    queryKey: key("contacts", "facets", { q, importId }),
    queryFn: () => ok(api.GET("/v1/contacts/facets", { params: { query: { q: filters.q, import_id: filters.import_id } } })),
    placeholderData: keepPreviousData,
  });
  const count = (value: string) => facets.data?.status.find((facet) => facet.value === value)?.count ?? (facets.data ? 0 : undefined);
  const button = writes && (
    <LinkButton to="/contacts/imports/new">
      <FileUp aria-hidden /> Import contacts
    </LinkButton>
  );
  return (
    <Page title="Contacts" actions={button}>
      <Card flush>
        <FilterBar>
          <SearchBox label="Search by address or name" />
          <FilterChips
            name="status"
            label="Status"
            options={[
              { value: "subscribed", label: "Subscribed", count: count("subscribed") },
              { value: "unsubscribed", label: "Unsubscribed", count: count("unsubscribed") },
              { value: "suppressed", label: "Suppressed", count: count("suppressed") },
            ]}
          />
          {importId && (
            <Button variant="secondary" size="sm" onClick={() => change({ import: undefined })}>
              Of one import ✕
            </Button>
          )}
        </FilterBar>
        <DataTable
          caption="Contacts"
          {...tableOf(list)}
          total={list.data && `${list.data.total_is_about ? "More than " : ""}${plural(list.data.total, "contact")}`}
          rowKey={(row) => row.contact_id}
          to={(row) => `/contacts/${row.contact_id}`}
          columns={[
            { header: "E-mail", sort: "email", cell: (row) => <span className="font-medium">{row.email ?? <span className="text-muted-foreground">erased</span>}</span> },
            { header: "Name", cell: (row) => [row.first_name, row.last_name].filter(Boolean).join(" ") || "–" },
            { header: "Status", cell: (row) => <ContactStatus status={row.status} erased={row.erased_at !== null} /> },
            { header: "Added", sort: "added", cell: (row) => <RelativeTime at={row.added_at} /> },
          ]}
          empty={
            status || q || importId ? (
              <EmptyByFilter what="contacts" onClear={() => change({ status: undefined, q: undefined, import: undefined })} />
            ) : (
              <EmptyState icon={<Users />} title="Nobody here yet" action={button} call="engine contacts import people.csv">
                Bring a CSV or Excel file. Nothing is written before you have seen how each column is read.
              </EmptyState>
            )
          }
        />
      </Card>
    </Page>
  );
}
