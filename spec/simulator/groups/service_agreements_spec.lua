local asking = require("spec.simulator.asking")

for _, root in ipairs { "/v1/user", "/v1/orgs/acme" } do
  describe("service agreements below " .. root, function()
    it("are told, with notifications and usage reports", function()
      local _, call = asking.api { devices = { { name = "a", product_id = 42, platform_id = 13 },
        { name = "b", product_id = 42 } }, orgs = { acme = { 42 } } }
      local agreement = select(2, call("GET", root .. "/service_agreements")).data[1]
      assert.same({ "service_agreement", { all = 2, wifi = 1, cellular = 1, asset_tracker = 0 } },
        { agreement.type, agreement.attributes.current_usage_summary.connectivity })
      local path = ("%s/service_agreements/%d"):format(root, agreement.id)
      assert.same({ data = {} }, select(2, call("GET", path .. "/notifications")))
      local report = { report_type = "devices", date_period_start = "2026-01-01",
        date_period_end = "2026-01-31" }
      local status, made = call("POST", path .. "/usage_reports", report)
      assert.same({ 202, "usage_report", "pending" }, { status, made.data.type, made.data.attributes.state })
      local one = root .. "/usage_reports/" .. made.data.id
      assert.equal("available", select(2, call("GET", one)).data.attributes.state)
      assert.equal(404, (call("GET", root .. "/usage_reports/99")))
      assert.equal(404, (call("GET", root .. "/service_agreements/1/notifications")))
      report.date_period_end = "soon"
      assert.equal(400, (call("POST", path .. "/usage_reports", report)))
    end)
  end)
end
