-- 50 users, each asked for two fields.
local turn = 0
request = function()
  turn = (turn + 1) % 50
  return wrk.format("GET", "/users/" .. turn .. "?fields=name%2Cemail&x=" .. turn, { ["X-Trace"] = "t" .. turn, ["Accept"] = "application/json" })
end
