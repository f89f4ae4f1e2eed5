package score_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scorecard has a number, a text and a flag.
const scorecard = `{"leadrouter_score":1,"outcome":"converted","trained":{"rows":1000,"won":300,"auc":0.8,"brier":0.15},"base":-8000,
"features":[
{"name":"company.employees","cuts":[10,100.5],"points":[-2000,0,-9000,1000,12000],"rows":[100,0,300,300,300]},
{"name":"email_free","levels":["false","true"],"points":[0,0,500,-4000],"rows":[0,0,700,300]},
{"name":"source","levels":["demo_request","event"],"points":[-300,-100,15000,-6000],"rows":[10,20,470,500]}
],
"knots":[{"points":-120000,"probability":0},{"points":-20000,"probability":1192},{"points":0,"probability":5000},{"points":20000,"probability":8808},{"points":120000,"probability":10000}]}
`
